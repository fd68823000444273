"""What the shops sell: a small supermarket's selling units, with prices that include 5 % VAT."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

_GTIN_PREFIX = "629110"  # GS1 prefix 629 is the United Arab Emirates; the company is invented


@dataclass(frozen=True)
class SellingUnit:
    """One thing that can be scanned at a till: a piece, a weighed good, or a carton of pieces.

    `barcode` is what is scanned, `primary_barcode` that of the single piece, `conversion` how many
    pieces a unit holds; `price` is AED for one unit, VAT included.
    """

    barcode: str
    primary_barcode: str
    ref_no: str
    name: str
    arabic_name: str
    price: Decimal
    conversion: int = 1
    is_weighed: bool = False


@dataclass(frozen=True)
class StockItem:
    """One thing that is in stock, as NetSuite knows it: a piece, found by its barcode."""

    barcode: str
    name: str
    itemtype: str = "InvtPart"


# English name, Arabic name, price of a piece (or of a kilogram), pieces in a carton (0: no carton)
_PIECES = [
    ("Drinking water 1.5 l", "مياه شرب 1.5 لتر", "2.25", 12),
    ("Drinking water 500 ml", "مياه شرب 500 مل", "1.00", 12),
    ("Sparkling water 330 ml", "مياه غازية 330 مل", "2.75", 6),
    ("Laban 1 l", "لبن 1 لتر", "6.50", 6),
    ("Fresh milk 2 l", "حليب طازج 2 لتر", "12.25", 6),
    ("Long-life milk 1 l", "حليب طويل الأجل 1 لتر", "5.75", 12),
    ("Camel milk 500 ml", "حليب إبل 500 مل", "10.50", 0),
    ("Labneh 400 g", "لبنة 400 جم", "11.95", 0),
    ("Halloumi 250 g", "جبنة حلوم 250 جم", "17.50", 0),
    ("White cheese 500 g", "جبنة بيضاء 500 جم", "14.25", 0),
    ("Butter 200 g", "زبدة 200 جم", "9.75", 0),
    ("Eggs, 30 pieces", "بيض 30 حبة", "21.00", 0),
    ("Arabic bread", "خبز عربي", "3.25", 0),
    ("Wholemeal toast", "توست أسمر", "5.50", 0),
    ("Manakish zaatar", "مناقيش زعتر", "4.75", 0),
    ("Basmati rice 5 kg", "أرز بسمتي 5 كجم", "42.95", 0),
    ("Egyptian rice 2 kg", "أرز مصري 2 كجم", "15.75", 0),
    ("Red lentils 1 kg", "عدس أحمر 1 كجم", "8.25", 0),
    ("Chickpeas 400 g tin", "حمص حب 400 جم", "3.99", 12),
    ("Fava beans 450 g tin", "فول مدمس 450 جم", "4.25", 12),
    ("Tomato paste 135 g", "معجون طماطم 135 جم", "2.50", 6),
    ("Tuna in oil 170 g", "تونة بالزيت 170 جم", "7.45", 6),
    ("Olive oil 750 ml", "زيت زيتون 750 مل", "38.50", 0),
    ("Sunflower oil 1.5 l", "زيت دوار الشمس 1.5 لتر", "16.95", 6),
    ("Tahini 400 g", "طحينة 400 جم", "13.75", 0),
    ("Date syrup 400 g", "دبس تمر 400 جم", "12.50", 0),
    ("Honey, Sidr 250 g", "عسل سدر 250 جم", "89.00", 0),
    ("Sugar 2 kg", "سكر 2 كجم", "9.25", 0),
    ("Cardamom 100 g", "هيل 100 جم", "27.50", 0),
    ("Saffron 1 g", "زعفران 1 جم", "18.00", 0),
    ("Arabic coffee 250 g", "قهوة عربية 250 جم", "24.75", 0),
    ("Black tea, 100 bags", "شاي أسود 100 كيس", "15.25", 0),
    ("Karak tea mix", "شاي كرك", "19.50", 0),
    ("Orange juice 1 l", "عصير برتقال 1 لتر", "9.95", 6),
    ("Mango nectar 200 ml", "عصير مانجو 200 مل", "1.75", 12),
    ("Cola 330 ml", "كولا 330 مل", "2.50", 6),
    ("Potato crisps 170 g", "رقائق بطاطس 170 جم", "6.75", 0),
    ("Maamoul, box of 12", "معمول علبة 12 حبة", "22.00", 0),
    ("Halawa 500 g", "حلاوة طحينية 500 جم", "14.50", 0),
    ("Dark chocolate 100 g", "شوكولاتة داكنة 100 جم", "8.95", 0),
    ("Rose water 250 ml", "ماء ورد 250 مل", "7.25", 0),
    ("Frozen paratha, 5 pieces", "براتا مجمدة 5 حبات", "6.25", 0),
    ("Chicken, frozen 1 kg", "دجاج مجمد 1 كجم", "17.95", 0),
    ("Ice cream 1 l", "آيس كريم 1 لتر", "23.50", 0),
    ("Dishwashing liquid 1 l", "سائل جلي 1 لتر", "9.50", 6),
    ("Washing powder 3 kg", "مسحوق غسيل 3 كجم", "34.75", 0),
    ("Kitchen towels, 6 rolls", "مناديل مطبخ 6 لفات", "18.25", 0),
    ("Facial tissues, 200 sheets", "مناديل وجه 200 ورقة", "4.50", 6),
    ("Shampoo 400 ml", "شامبو 400 مل", "19.95", 0),
    ("Toothpaste 100 ml", "معجون أسنان 100 مل", "11.25", 0),
    ("Bakhoor 40 g", "بخور 40 جم", "65.00", 0),
    ("Incense burner, electric", "مبخرة كهربائية", "120.00", 0),
    ("Coffee cups, set of 6", "فناجين قهوة طقم 6", "45.00", 0),
    ("Carrier bag", "كيس تسوق", "0.25", 0),
]
_WEIGHED = [
    ("Tomatoes, kg", "طماطم كجم", "5.95"),
    ("Cucumbers, kg", "خيار كجم", "6.50"),
    ("Bananas, kg", "موز كجم", "6.25"),
    ("Medjool dates, kg", "تمر مجدول كجم", "54.00"),
    ("Pistachios, kg", "فستق كجم", "98.50"),
    ("Lamb, kg", "لحم غنم كجم", "62.75"),
    ("Kingfish, kg", "سمك كنعد كجم", "47.25"),
    ("Olives, kg", "زيتون كجم", "24.95"),
]


@cache
def catalogue() -> tuple[SellingUnit, ...]:
    """Answer all selling units: pieces, their cartons (a little cheaper a piece), weighed goods."""
    units = []
    for index, (name, arabic_name, price, carton) in enumerate(_PIECES):
        piece = _unit(index, name, arabic_name, Decimal(price))
        units.append(piece)
        if carton:
            units.append(_carton(piece, carton, index))
    for index, (name, arabic_name, price) in enumerate(_WEIGHED, start=len(_PIECES)):
        units.append(_unit(index, name, arabic_name, Decimal(price), is_weighed=True))
    return tuple(units)


def stock_items() -> list[StockItem]:
    """Answer the pieces behind the selling units: a carton is no item of its own."""
    names = {unit.primary_barcode: unit.name for unit in catalogue() if unit.conversion == 1}
    return [StockItem(barcode, name) for barcode, name in names.items()]


def _unit(
    index: int, name: str, arabic_name: str, price: Decimal, *, is_weighed: bool = False
) -> SellingUnit:
    barcode = _with_check_digit(f"{_GTIN_PREFIX}{index * 7 + 100:06d}")
    ref_no = str(11_600 + index)
    return SellingUnit(barcode, barcode, ref_no, name, arabic_name, price, is_weighed=is_weighed)


def _carton(piece: SellingUnit, pieces: int, index: int) -> SellingUnit:
    return SellingUnit(
        barcode=str(120 + index),
        primary_barcode=piece.primary_barcode,
        ref_no=piece.ref_no,
        name=f"{piece.name} x {pieces}",
        arabic_name=f"{piece.arabic_name} x {pieces}",
        price=(piece.price * pieces * Decimal("0.9")).quantize(Decimal("0.01")),
        conversion=pieces,
    )


def _with_check_digit(digits: str) -> str:
    """Complete twelve digits to an EAN-13."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"
