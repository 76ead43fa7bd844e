package memtable

import "sync"

// cacheSize is how many expressions a cache holds before it starts anew.
const cacheSize = 4096

// cache keeps what has been parsed from texts. It is a pure function's memory, shared by all engines.
type cache[V any] struct {
	mu    sync.RWMutex
	known map[string]V
}

// get returns what parse makes of text. Errors aren't kept.
func (c *cache[V]) get(text string, parse func(string) (V, error)) (V, error) {
	c.mu.RLock()
	v, ok := c.known[text]
	c.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, err := parse(text)
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= cacheSize {
		c.known = map[string]V{}
	}
	c.known[text] = v
	return v, nil
}
