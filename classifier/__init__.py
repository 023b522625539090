"""Text in, findings out: fold, match, gate, ad test, model, reasons. Knows no network, no database."""
