// Sends the page's answer. Without scripts the button does it.
document.getElementById("answer").submit();
