// What every page for staff and visitors loads. Pages work without it; each
// element below only makes one of them quicker to use.
import "./elements/menu";
import "./elements/palette";
import "./elements/filter";
import "./elements/upload";
import "./elements/date";
import "./elements/print";
import "./elements/passkey";
import "./elements/attendance";
import "./elements/same";
import "./elements/scan";
import "./elements/letters";
import "./elements/live";
import "./elements/idle";
import "./elements/kept";
import "./elements/lines";
import "./elements/sheets";

// A page with errors starts at its summary.
document.querySelector<HTMLElement>("[data-focus]")?.focus();

// On a phone the sections scroll: the present one is in sight.
document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
