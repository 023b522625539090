"""Text in, findings out: fold, match, segment, gates, ad test, model, explanation."""
