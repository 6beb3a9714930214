"""What a log of shares teaches: who moved whom, how strong each tie is, what would have come anyway."""
