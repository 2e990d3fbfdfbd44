"""Bad input for whatever reads something: what is read, what is tried, and what is a finding.

The long form is benchmarks/fuzz_campaign.py; the short one tests/contract/test_bad_input.py.
"""
