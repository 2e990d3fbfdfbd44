"""Money: prices, who pays for which time, invoices that never change, reports of beam time."""
