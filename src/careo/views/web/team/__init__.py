"""What people leave on a server: documents, statements, decisions with their history, findings, runs and jobs, in one database."""
