"""Language models: any OpenAI-compatible endpoint, a second one as fallback, and then nothing."""
