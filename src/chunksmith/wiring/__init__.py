"""The only place that knows both sides: storage and providers behind the ports, services for the web."""
