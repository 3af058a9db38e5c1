"""WGANs of images: networks, losses, the member."""
