"""What the scripts of the pages say: written by the server into the page, in its language."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString, get_translations
from flask_babel import lazy_gettext as _


@dataclass(frozen=True)
class Counted:
    """Words that depend on a number, which they hold as `count`."""

    one: str
    other: str

    def forms(self) -> dict[str, str]:
        """Return the words by the names that the plural rules of browsers have."""
        translations = get_translations()
        return {
            name: translations.ungettext(self.one, self.other, count)
            for name, count in (("one", 1), ("other", 2))
        }


def counted(one: str, other: str) -> Counted:
    """Mark words that depend on a number, for the catalogs."""
    return Counted(one, other)


WORDS: Mapping[str, Mapping[str, LazyString | Counted]] = {
    "progress": {
        "pace": _("%(rate)s images a second"),
        "pace_and_left": _("%(pace)s, %(left)s"),
        "seconds_left": _("less than a minute left"),
        "minutes_left": _("about %(count)s min left"),
        "hours_left": _("about %(count)s h left"),
    },
    "live": {"job_deleted": _("The job was deleted.")},
    "upload": {
        "images": counted("%(count)s image", "%(count)s images"),
        "scan": _("Scan"),
        "scan_images": counted("Scan %(count)s image", "Scan %(count)s images"),
        "scan_archive": _("Scan archive"),
        "clear": _("Clear"),
        "stop": _("Stop"),
        "chosen": _("%(what)s, %(size)s"),
        "left_out": counted(
            "%(count)s file that is no image was left out",
            "%(count)s files that are no images were left out",
        ),
        "more": _("and %(count)s more"),
        "bytes": _("%(count)s bytes"),
        "unread": _(
            "These could not be read, and were left out: %(names)s. Check that they are still "
            "there and that you may open them, and choose them again."
        ),
        "being_sent": _("Images are being sent; choose more once they are there."),
        "one_archive": _("An archive is scanned by itself: choose one archive, and nothing else."),
        "too_many_files": _(
            "These are %(count)s files, and at most %(most)s go at a time. Send an archive, or "
            "fewer at once."
        ),
        "too_many_bytes": _(
            "These are %(size)s, and at most %(most)s go at a time. Send fewer at once."
        ),
        "broke_off": _("The upload broke off. Check that the server runs, and try again."),
        "stopped": _("The upload was stopped; nothing was scanned."),
        "sent": _("%(sent)s of %(total)s"),
        "being_scanned": _("Sent; it is being scanned."),
        "put_away": _("All sent; the server puts it away."),
        "answered": _("The server answered %(status)s; try again."),
    },
    "urls": {
        "no_urls": _("Paste at least one URL."),
        "urls_stay": _(
            "The server does not answer. The URLs are still here; try again in a while."
        ),
        "refused_url": _("Number %(place)s, %(url)s: %(reason)s"),
        "nothing_scanned": _("Nothing was scanned. %(reasons)s"),
    },
    "system": {"time": _("Time"), "images_a_second": _("Images a second")},
    "curves": {"share": _("%(number)s %%")},
}


def script_words(*scripts: str) -> dict[str, str | dict[str, str]]:
    """Return all that the scripts say; templates give it to `data-words` of the body."""
    return {
        name: said.forms() if isinstance(said, Counted) else str(said)
        for script in scripts
        for name, said in WORDS[script].items()
    }
