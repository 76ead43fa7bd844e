package core

// Door is the parameter of the exported methods that open a repository to
// the packages of this module. It cannot be made outside of it.
type Door struct{ _ struct{} }
