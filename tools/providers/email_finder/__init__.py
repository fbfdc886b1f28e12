"""Business addresses of people whose name and company are known; verified before use."""
