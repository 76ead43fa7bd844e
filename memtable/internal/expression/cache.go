package expression

import "sync"

// Cache keeps parsed expressions by kind and text, and no more than a fixed
// number of them. The zero Cache is empty and ready; it is safe for concurrent
// use. Texts that don't parse are not kept.
type Cache struct {
	mu      sync.RWMutex
	entries map[cacheKey]any
}

type cacheKey struct {
	kind Kind
	text string
}

// maxCached is how many expressions a Cache keeps; one more empties it.
const maxCached = 4096

// Condition is ParseCondition with the cache.
func (c *Cache) Condition(kind Kind, text string) (*ConditionExpr, error) {
	return cached(c, kind, text, func(text string) (*ConditionExpr, error) { return ParseCondition(kind, text) })
}

// Update is ParseUpdate with the cache.
func (c *Cache) Update(text string) (*UpdateExpr, error) {
	return cached(c, UpdateKind, text, ParseUpdate)
}

// Projection is ParseProjection with the cache.
func (c *Cache) Projection(text string) (*ProjectionExpr, error) {
	return cached(c, ProjectionKind, text, ParseProjection)
}

func cached[E any](c *Cache, kind Kind, text string, parse func(string) (*E, error)) (*E, error) {
	key := cacheKey{kind, text}
	c.mu.RLock()
	kept, ok := c.entries[key]
	c.mu.RUnlock()
	if ok {
		return kept.(*E), nil
	}
	e, err := parse(text)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxCached {
		c.entries = map[cacheKey]any{}
	}
	c.entries[key] = e
	return e, nil
}
