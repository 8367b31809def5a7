"""What people look at: text, notebook HTML and charts, made from a comparison."""
