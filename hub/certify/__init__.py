"""Does a system keep what its contract promises? Its sandbox is asked, clause by clause."""
