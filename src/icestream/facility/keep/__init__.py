"""What is kept, for how long, and what becomes of it: rules, holds, removals, account, forecast."""
