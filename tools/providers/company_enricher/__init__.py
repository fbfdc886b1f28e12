"""What vendors know of companies that we name."""
