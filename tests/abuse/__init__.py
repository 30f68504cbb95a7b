"""What somebody who means ill, or is merely unlucky, sends; and that it does no harm."""
