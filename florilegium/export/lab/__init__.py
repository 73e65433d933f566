"""The lab's two pages, each a folder that any web host serves. Path: lab -> **export** -> serve."""
