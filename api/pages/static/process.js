// virtual-core asks for the environment that it was built for. It must be imported before.
globalThis.process ??= { env: { NODE_ENV: "production" } };
