"""What the app shows, as text: pure functions from what the core knows to escaped HTML, without Gradio."""
