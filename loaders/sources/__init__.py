"""Where records lie: files, and the folder of the completejourney package."""
