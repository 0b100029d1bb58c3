"""The database room: tables and the sentences that read and write them. The truth lives here."""
