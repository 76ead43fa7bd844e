package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dynox-go/dynox/memtable"
)

// load reads the engine's tables from a file. No name, and no file, is fine.
func load(engine *memtable.Engine, name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := engine.Restore(file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// save writes the engine's tables to a file. Whatever happens, the file is the old one or the new one, whole.
func save(engine *memtable.Engine, name string) (err error) {
	if name == "" {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if err := engine.Snapshot(file); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
