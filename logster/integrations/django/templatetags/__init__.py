"""What templates load: `{% load logster %}`."""
