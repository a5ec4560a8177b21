"""A stand-in for Gemini, Grok and Ollama: the same wire, no model behind it."""
