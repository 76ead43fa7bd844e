package bulk

// Report is where the service's reports of a bulk put are.
func (s PutState) Report() string { return s.report }
