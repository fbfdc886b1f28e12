// Without this file the button does the same.
document.getElementById("resume")?.requestSubmit();
