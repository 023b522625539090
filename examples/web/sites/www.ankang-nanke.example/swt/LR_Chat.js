/* Stands in for a chat widget of the usual make: it opens a page of this site and calls nobody. */
function openZoosUrl(kind) { window.open('/swt/?from=' + (kind || 'chat'), '_blank'); }
function LR_HideInvite() { return false; }
