"""Channels: ways by which alerts reach people, from a frozen message to a server's answer."""
