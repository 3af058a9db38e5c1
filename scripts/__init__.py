"""What a person starts; nothing else imports it."""
