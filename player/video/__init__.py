"""Video frames in shared memory, for a face that draws them."""
