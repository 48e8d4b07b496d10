"""The question bank: what is asked, what is right, and how it is graded."""
