"""What fills the terminal; screens bind state to widgets."""
