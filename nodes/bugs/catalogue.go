package bugs

// Catalogue lists every bug in order of ID.
var Catalogue = []Bug{}
