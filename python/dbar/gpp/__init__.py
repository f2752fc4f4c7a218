"""Phase packets."""
