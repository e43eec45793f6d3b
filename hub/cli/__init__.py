"""The commands of `hub`: answers on stdout, talk on stderr."""
