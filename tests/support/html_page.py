"""A page taken apart, for tests of reports."""

from html.parser import HTMLParser

VOID = {"br", "img", "link", "meta", "wbr"}


class Page(HTMLParser):
    """Elements of a page in order; complains about what is not closed or closed twice."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((tuple(self.open), data))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag):
        return [data for path, data in self.texts if path and path[-1] == tag]

    @property
    def visible(self):
        return "\n".join(data for path, data in self.texts if path and path[-1] != "script")
