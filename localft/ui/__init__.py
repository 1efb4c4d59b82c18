"""The Gradio app: one file a tab, thin over the core."""
