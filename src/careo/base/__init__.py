"""What knows nothing of crime, places or documents."""
