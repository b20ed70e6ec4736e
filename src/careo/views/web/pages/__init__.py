"""The pages: one module a part of the navigation. Each function takes an `Asking`, calls a public function and returns a `Page`."""
