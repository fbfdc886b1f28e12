"""Words: versioned Jinja2 templates with typed variables. Plain text only; HTML is made where mail is composed."""
