"""What follows: findings."""
