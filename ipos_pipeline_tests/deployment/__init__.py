"""How the product is deployed: images, Compose, Helm, systemd, and the commands of the manual."""
