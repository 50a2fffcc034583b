"""What *publish* is made of: the open formats, and their places in the open bucket."""
