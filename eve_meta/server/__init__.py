"""The unprivileged half: answers guests from documents in memory."""
