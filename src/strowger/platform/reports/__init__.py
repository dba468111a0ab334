"""Reports: types that modules declare, made in the background, kept as files. See ``types`` for how to declare one."""
