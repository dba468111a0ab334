"""The shell and kit of the web console: layout, table, form, chart, live feed."""
