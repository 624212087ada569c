"""Looking at a built folder, or at results of an evaluation, in the browser.

`explore.html` is the whole page, made of `page/` by `npm ci && npm run build`: it reads Parquet by ranges of bytes, in
a browser, from this server, from a static page beside the dataset on the Hub, or from a file that is picked. Nothing
it shows is ever read as markup. Others take `explore` and `push_page`.
"""
