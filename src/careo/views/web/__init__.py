"""The web application: the same verbs over HTTP. Every page is one `Page`; its twins (JSON, CSV, pictures) are made of the same object."""
