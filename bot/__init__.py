"""Every face that people see: Discord, web pages, command line. Translates, never decides."""
