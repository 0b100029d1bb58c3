"""`fakesweep webhooks`: who is told when jobs end, through a server's API."""
